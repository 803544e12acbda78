import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import type { CheckedServiceConfig } from '../../../src/grpc/service-config/checked.js';
import { parseServiceConfig, readServiceConfig } from '../../../src/grpc/service-config/parse.js';

const retryPolicy = { maxAttempts: 3, initialBackoff: '0.1s', maxBackoff: '1s', backoffMultiplier: 2, retryableStatusCodes: ['UNAVAILABLE'] };
const hedgingPolicy = { maxAttempts: 2 };

function strict(value: unknown): CheckedServiceConfig {
  return parseServiceConfig(value, 'the test');
}

function lenient(value: unknown, attemptsLimit?: number): { readonly config: CheckedServiceConfig; readonly warnings: readonly string[] } {
  return readServiceConfig(value, 'the test', { strictness: 'lenient', ...(attemptsLimit === undefined ? {} : { attemptsLimit }) });
}

const methods = (...methodConfig: readonly unknown[]): object => ({ methodConfig });
const entry = (fields: object): object => methods({ name: [{}], ...fields });
const retry = (change: object): object => entry({ retryPolicy: { ...retryPolicy, ...change } });
const hedge = (change: object): object => entry({ hedgingPolicy: { ...hedgingPolicy, ...change } });

/** Wrong whoever wrote it. */
const errors: readonly (readonly [string, unknown, string | RegExp])[] = [
  ['text that is not JSON', '{', /^the test: it is not JSON: /],
  ['a list', [], 'the test: it is an array, not an object'],
  ['a number', 3, 'the test: it is 3, not an object'],
  ['null in JSON', 'null', 'the test: it is null, not an object'],
  ['methods that are no list', { methodConfig: {} }, 'the test: methodConfig is an object, not a list'],
  ['an entry that is no object', methods(3), 'the test: methodConfig[0] is 3, not an object'],
  ['names that are no list', methods({ name: 'Simple' }), 'the test: methodConfig[0].name is "Simple", not a list'],
  ['a name that is a text', methods({ name: ['Simple'] }), 'the test: methodConfig[0].name[0] is "Simple", not an object'],
  ['a service that is no text', methods({ name: [{ service: 3 }] }), 'the test: methodConfig[0].name[0].service is 3, not a text'],
  ['a method that is no text', methods({ name: [{ service: 'a', method: 3 }] }), 'the test: methodConfig[0].name[0].method is 3, not a text'],
  ['a method without a service', methods({ name: [{ method: 'Route' }] }), 'the test: methodConfig[0].name[0] has the method "Route" and no service'],
  [
    'a name in two entries',
    methods({ name: [{}, { service: 'a', method: 'b' }] }, { name: [{ service: 'a' }, { service: 'a', method: 'b' }] }),
    'the test: methodConfig[1].name[1] is "a/b", which methodConfig[0].name[1] is already; each name may stand once',
  ],
  ['a name twice in one', methods({ name: [{}, { service: '' }] }), 'the test: methodConfig[0].name[1] is {}, which methodConfig[0].name[0] is already; each name may stand once'],
  ['a timeout without unit', entry({ timeout: '5' }), 'the test: methodConfig[0].timeout "5" is not a duration such as "1.5s"'],
  ['a timeout that is a number', entry({ timeout: 5 }), 'the test: methodConfig[0].timeout 5 is not a duration such as "1.5s"'],
  ['a negative timeout', entry({ timeout: '-1s' }), 'the test: methodConfig[0].timeout "-1s" is not a duration such as "1.5s"'],
  ['a timeout in milliseconds', entry({ timeout: '100ms' }), 'the test: methodConfig[0].timeout "100ms" is not a duration such as "1.5s"'],
  ['ten digits of a second', entry({ timeout: '0.1234567890s' }), /timeout "0\.1234567890s" is not a duration/],
  ['a timeout of nothing', entry({ timeout: '0s' }), 'the test: methodConfig[0].timeout "0s" is too short: at least "0.001s"'],
  ['a timeout that grpc-js rounds to nothing', entry({ timeout: '0.0009s' }), /timeout "0\.0009s" is too short/],
  ['a timeout of half seconds', entry({ timeout: { seconds: 0.5, nanos: 0 } }), /timeout an object is not a duration/],
  ['a timeout with too many nanos', entry({ timeout: { seconds: 0, nanos: 1_000_000_000 } }), /timeout an object is not a duration/],
  ['waitForReady that is a text', entry({ waitForReady: 'yes' }), 'the test: methodConfig[0].waitForReady "yes" is not true or false'],
  ['both policies', entry({ retryPolicy, hedgingPolicy }), 'the test: methodConfig[0] has both a retryPolicy and a hedgingPolicy'],
  ['one attempt', retry({ maxAttempts: 1 }), 'the test: methodConfig[0].retryPolicy.maxAttempts 1 is not a whole number from 2 to 5'],
  ['two attempts and a half', retry({ maxAttempts: 2.5 }), /retryPolicy\.maxAttempts 2\.5 is not a whole number from 2 to 5/],
  ['attempts as text', retry({ maxAttempts: '3' }), /retryPolicy\.maxAttempts "3" is not a whole number from 2 to 5/],
  ['no attempts at all', retry({ maxAttempts: undefined }), /retryPolicy\.maxAttempts undefined is not a whole number/],
  ['no backoff', retry({ initialBackoff: undefined }), /retryPolicy\.initialBackoff undefined is not a duration/],
  ['a backoff of nothing', retry({ initialBackoff: '0s' }), /retryPolicy\.initialBackoff "0s" is too short: it must be above 0/],
  ['a bad maximum', retry({ maxBackoff: '1' }), /retryPolicy\.maxBackoff "1" is not a duration/],
  ['a multiplier of 0', retry({ backoffMultiplier: 0 }), /retryPolicy\.backoffMultiplier 0 is not a number above 0/],
  ['a multiplier that is a text', retry({ backoffMultiplier: '2' }), /retryPolicy\.backoffMultiplier "2" is not a number above 0/],
  ['no codes', retry({ retryableStatusCodes: undefined }), /retryPolicy\.retryableStatusCodes is undefined, not a list/],
  ['an empty list of codes', retry({ retryableStatusCodes: [] }), /retryPolicy\.retryableStatusCodes is empty/],
  ['a code that there is not', retry({ retryableStatusCodes: [14, 'UNAVAILBLE'] }), /retryPolicy\.retryableStatusCodes\[1\] "UNAVAILBLE" is not a status code, such as "UNAVAILABLE" or 14/],
  ['a number that is no code', retry({ retryableStatusCodes: [17] }), /retryableStatusCodes\[0\] 17 is not a status code/],
  ['a number as text', retry({ retryableStatusCodes: ['14'] }), /retryableStatusCodes\[0\] "14" is not a status code/],
  ['one hedged attempt', hedge({ maxAttempts: 1 }), 'the test: methodConfig[0].hedgingPolicy.maxAttempts 1 is not a whole number from 2 to 5'],
  ['a delay that is a number', hedge({ hedgingDelay: 1 }), /hedgingPolicy\.hedgingDelay 1 is not a duration/],
  ['codes that are no list', hedge({ nonFatalStatusCodes: 'UNAVAILABLE' }), /hedgingPolicy\.nonFatalStatusCodes is "UNAVAILABLE", not a list/],
  ['throttling without tokens', { retryThrottling: { tokenRatio: 1 } }, 'the test: retryThrottling.maxTokens undefined is not a number from 0.001 to 1000'],
  ['too many tokens', { retryThrottling: { maxTokens: 1001, tokenRatio: 1 } }, 'the test: retryThrottling.maxTokens 1001 is not a number from 0.001 to 1000'],
  ['a ratio that is cut to 0', { retryThrottling: { maxTokens: 10, tokenRatio: 0.0004 } }, 'the test: retryThrottling.tokenRatio 0.0004 is not a number from 0.001 up'],
  ['policies that are no list', { loadBalancingConfig: { round_robin: {} } }, 'the test: loadBalancingConfig is an object, not a list'],
  ['two policies in one entry', { loadBalancingConfig: [{ round_robin: {}, pick_first: {} }] }, /loadBalancingConfig\[0\] names several policies/],
  ['an entry without policy', { loadBalancingConfig: [{}] }, /loadBalancingConfig\[0\] names no policy/],
  ['no policy that is known', { loadBalancingConfig: [{ grpclb: {} }, { fancy: {} }] }, /loadBalancingConfig asks for a load balancing policy that is not known here: grpclb, fancy/],
  ['a policy named like a property of every object', { loadBalancingConfig: [{ constructor: {} }] }, /loadBalancingConfig\[0\]\.constructor is invalid/],
  ['a policy whose configuration is null', { loadBalancingConfig: [{ round_robin: null }] }, /loadBalancingConfig\[0\]\.round_robin is null, not an object/],
  ['a bad configuration', { loadBalancingConfig: [{ pick_first: { shuffleAddressList: 3 } }] }, /loadBalancingConfig\[0\]\.pick_first is invalid: .*shuffleAddressList/],
  [
    'a bad child of outlier detection',
    { loadBalancingConfig: [{ outlier_detection: { childPolicy: [{ rollcall_round_robin: { x: 1 } }], successRateEjection: {} } }] },
    /loadBalancingConfig\[0\]\.outlier_detection\.childPolicy\[0\]\.rollcall_round_robin is invalid: unknown field "x"/,
  ],
  ['outlier detection without child', { loadBalancingConfig: [{ outlier_detection: { successRateEjection: {} } }] }, /outlier_detection\.childPolicy is missing/],
  ['a bad duration in it', { loadBalancingConfig: [{ outlier_detection: { interval: '10' } }] }, /outlier_detection\.interval "10" is not a duration/],
  ['both spellings in it', { loadBalancingConfig: [{ outlier_detection: { childPolicy: [], child_policy: [] } }] }, /outlier_detection has both childPolicy and child_policy/],
  ['an older policy name that is unknown', { loadBalancingPolicy: 'fancy' }, /loadBalancingPolicy asks for a load balancing policy that is not known here: fancy/],
  ['an older policy name that is none', { loadBalancingPolicy: 3 }, 'the test: loadBalancingPolicy 3 is not the name of a policy'],
  ['a health service that is no text', { healthCheckConfig: { serviceName: 3 } }, 'the test: healthCheckConfig.serviceName is 3, not a text'],
];

/** Without effect, or not what it looks like: an error in one's own program, a warning elsewhere. */
const doubts: readonly (readonly [string, unknown, string | RegExp, object])[] = [
  ['an unknown field', { metodConfig: [] }, 'the test: unknown field "metodConfig"; did you mean "methodConfig"?', { methodConfig: [] }],
  ['one that resembles none', { xyz: 1 }, /^the test: unknown field "xyz"; known are methodConfig, /, { methodConfig: [] }],
  ['a slip in an entry', entry({ retryPolcy: {} }), 'the test: unknown field "retryPolcy" of methodConfig[0]; did you mean "retryPolicy"?', entry({})],
  ['a slip in a policy', retry({ maxAttempt: 2 }), 'the test: unknown field "maxAttempt" of methodConfig[0].retryPolicy; did you mean "maxAttempts"?', retry({})],
  ['a field of no name', methods({ name: [{ methods: 'x' }] }), /unknown field "methods" of methodConfig\[0\]\.name\[0\]/, entry({})],
  ['no name', methods({ timeout: '1s' }), /methodConfig\[0\]\.name is empty, so the entry applies to no call/, { methodConfig: [] }],
  ['a path for a service', methods({ name: [{ service: '/Simple/Route' }] }), /methodConfig\[0\]\.name\[0\]\.service "\/Simple\/Route" will never match/, methods({ name: [{ service: '/Simple/Route' }] })],
  ['waitForReady', entry({ waitForReady: true }), /methodConfig\[0\]\.waitForReady does nothing in grpc-js; set it on a call's metadata/, entry({})],
  ['a size of requests', entry({ maxRequestMessageBytes: 3 }), /maxRequestMessageBytes does nothing in grpc-js; use the channel option grpc\.max_send_message_length/, entry({})],
  ['a size of responses', entry({ maxResponseMessageBytes: '3' }), /maxResponseMessageBytes does nothing in grpc-js; use the channel option grpc\.max_receive_message_length/, entry({})],
  ['more attempts than are made', retry({ maxAttempts: 6 }), /retryPolicy\.maxAttempts 6 is not a whole number from 2 to 5/, retry({ maxAttempts: 6 })],
  ['a first backoff above the most', retry({ initialBackoff: '3s' }), /initialBackoff "3s" is longer than maxBackoff "1s"/, retry({ initialBackoff: '1s' })],
  ['a timeout that grpc-js takes for none', entry({ timeout: '2147484s' }), /timeout "2147484s" is longer than a timer can be/, entry({ timeout: { seconds: 1_000_000, nanos: 0 } })],
  ['a backoff that would be over at once', retry({ maxBackoff: '3000000s' }), /maxBackoff "3000000s" is longer than a timer can be/, retry({ maxBackoff: '1000000s' })],
  ['OK as a failure', retry({ retryableStatusCodes: ['OK', 14] }), /retryableStatusCodes\[0\] is OK, which is no failure/, retry({ retryableStatusCodes: ['OK', 14] })],
  [
    'the older policy field beside the newer',
    { loadBalancingPolicy: 'pick_first', loadBalancingConfig: [{ round_robin: {} }] },
    /loadBalancingPolicy is the older form/,
    { methodConfig: [], loadBalancingConfig: { round_robin: {} } },
  ],
  [
    'outlier detection that ejects nobody',
    { loadBalancingConfig: [{ outlier_detection: { childPolicy: [{ round_robin: {} }] } }] },
    /outlier_detection ejects nobody without/,
    { methodConfig: [], loadBalancingConfig: { outlier_detection: { child_policy: [{ round_robin: {} }] } } },
  ],
  [
    'a slip inside a policy of grpc-js',
    { loadBalancingConfig: [{ pick_first: { shuffleAdressList: true } }] },
    /unknown field "shuffleAdressList" of loadBalancingConfig\[0\]\.pick_first; did you mean "shuffleAddressList"/,
    { methodConfig: [], loadBalancingConfig: { pick_first: {} } },
  ],
];

describe('reading a service config', () => {
  for (const [what, config, message] of errors) {
    it(`refuses ${what}, whoever wrote it`, () => {
      for (const read of [strict, lenient]) {
        expect(() => read(config)).to.throw(RollcallError).with.property('code', 'INVALID_CONFIG');
        if (typeof message === 'string') expect(() => read(config)).to.throw().with.property('message', message);
        else expect(() => read(config)).to.throw(message);
      }
    });
  }

  for (const [what, config, message, kept] of doubts) {
    it(`refuses ${what} in options, and warns of it elsewhere`, () => {
      const { config: read, warnings } = lenient(config);
      expect(warnings).to.have.length(1);
      if (typeof message === 'string') expect(warnings[0]).to.equal(message);
      else expect(warnings[0]).to.match(message);
      expect(read).to.deep.equal(kept);
      expect(() => strict(config)).to.throw(RollcallError, warnings[0]).with.property('code', 'INVALID_CONFIG');
    });
  }

  it('gives all that has an effect, in the form of grpc-js', () => {
    const read = strict(
      JSON.stringify({
        methodConfig: [
          { name: [{ service: 'a.B', method: 'C' }, { service: 'a.B', method: '' }], timeout: '0.1s', waitForReady: false, retryPolicy },
          { name: [{}], hedgingPolicy: { maxAttempts: 5, hedgingDelay: '0.50s', nonFatalStatusCodes: ['unavailable', 8] } },
          { name: [{ service: 'x' }], hedgingPolicy: { maxAttempts: 2 }, timeout: { seconds: 3, nanos: 5 } },
        ],
        loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }],
        retryThrottling: { maxTokens: 10.12345, tokenRatio: 0.1 },
        healthCheckConfig: { serviceName: '' },
      }),
    );
    expect(read).to.deep.equal({
      methodConfig: [
        { name: [{ service: 'a.B', method: 'C' }, { service: 'a.B' }], timeout: { seconds: 0, nanos: 100_000_000 }, retryPolicy },
        { name: [{}], hedgingPolicy: { maxAttempts: 5, hedgingDelay: '0.5s', nonFatalStatusCodes: ['unavailable', 8] } },
        { name: [{ service: 'x' }], timeout: { seconds: 3, nanos: 5 }, hedgingPolicy: { maxAttempts: 2, hedgingDelay: '0s', nonFatalStatusCodes: [] } },
      ],
      loadBalancingConfig: { pick_first: { shuffleAddressList: true } },
      retryThrottling: { maxTokens: 10.123, tokenRatio: 0.1 },
      healthCheckConfig: { serviceName: '' },
    });
  });

  it('takes null for a field that is not set, as other languages write it', () => {
    const nulls = { methodConfig: [{ name: [{ service: 'a', method: null }], timeout: null, retryPolicy: null }], retryThrottling: null, healthCheckConfig: { serviceName: null } };
    expect(strict(nulls)).to.deep.equal({ methodConfig: [{ name: [{ service: 'a' }] }], healthCheckConfig: {} });
  });

  it('writes outlier detection the way that grpc-js reads it, in either spelling', () => {
    const expected = {
      outlier_detection: {
        interval: { seconds: 1, nanos: 0 },
        base_ejection_time: { seconds: 0, nanos: 500_000_000 },
        max_ejection_percent: 50,
        failure_percentage_ejection: { threshold: 30, request_volume: 3 },
        child_policy: [{ rollcall_round_robin: {} }],
      },
    };
    const camel = { interval: '1s', baseEjectionTime: '0.5s', maxEjectionPercent: 50, failurePercentageEjection: { threshold: 30, requestVolume: 3 }, childPolicy: [{ rollcall_round_robin: {} }] };
    expect(strict({ loadBalancingConfig: [{ outlier_detection: camel }] }).loadBalancingConfig).to.deep.equal(expected);
    expect(strict({ loadBalancingConfig: [expected] }).loadBalancingConfig).to.deep.equal(expected);
  });

  it('skips policies that are not known where another is, but not in options', () => {
    const list = { loadBalancingConfig: [{ grpclb: {} }, { round_robin: {} }] };
    expect(lenient(list)).to.deep.equal({ config: { methodConfig: [], loadBalancingConfig: { round_robin: {} } }, warnings: [] });
    expect(() => strict(list)).to.throw(/not known here: grpclb$/);
    const around = { outlier_detection: { successRateEjection: {}, childPolicy: [{ grpclb: {} }, { weighted_round_robin: { blackoutPeriod: '2s' } }] } };
    expect(lenient({ loadBalancingConfig: [around] }).config.loadBalancingConfig, 'also inside').to.deep.equal({
      outlier_detection: { success_rate_ejection: {}, child_policy: [{ weighted_round_robin: { blackout_period: { seconds: 2, nanos: 0 } } }] },
    });
  });

  it('allows as many attempts as the channel does', () => {
    expect(lenient(retry({ maxAttempts: 8 }), 8).warnings).to.deep.equal([]);
    expect(lenient(retry({ maxAttempts: 9 }), 8).warnings[0]).to.match(/maxAttempts 9 is not a whole number from 2 to 8/);
  });
});
