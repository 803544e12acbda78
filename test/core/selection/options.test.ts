import { expect } from 'chai';

import { parseSelectionOptions } from '../../../src/core/selection/options.js';
import { expectThrow } from '../../support/expect-rejection.js';

describe('the options of a selection', () => {
  it('are all off by default', () => {
    expect(parseSelectionOptions({}, 'x')).to.deep.equal({ filter: undefined, zone: undefined, subset: undefined, slowStart: undefined });
  });

  it('have short forms', () => {
    const rules = parseSelectionOptions({ filter: 'version=1.4.*|1.5.0,lane!=canary', zone: 'a', subset: 20, slowStart: 30 }, 'x');
    expect(rules.filter?.description).to.equal('version 1.4.*|1.5.0 and metadata lane=!canary');
    expect(rules).to.deep.include({
      zone: { local: 'a', fallback: [], minHealthy: 1, minHealthyPercent: 50 },
      subset: { size: 20, key: undefined },
      slowStart: { window: 30, minShare: 0.1, aggression: 1 },
    });
  });

  it('name whose they are, and the culprit', () => {
    expectThrow(() => parseSelectionOptions({ fliter: 'a=b' }, 'registerResolver'), 'UNKNOWN_OPTION', /"fliter" of registerResolver; did you mean "filter"/);
    expectThrow(() => parseSelectionOptions({ filter: 'version' }, 'registerResolver'), 'INVALID_CONFIG', /^the filter of registerResolver: "version" is not name=value/);
    expectThrow(() => parseSelectionOptions({ zone: { local: 'a', minHealthy: 'x' } }, 'registerResolver'), 'INVALID_CONFIG', /"minHealthy" of the zone preference of registerResolver: "x"/);
    expectThrow(() => parseSelectionOptions({ subset: { size: -1 } }, 'registerResolver'), 'INVALID_CONFIG', /"size" of the subset of registerResolver: -1/);
    expectThrow(() => parseSelectionOptions({ slowStart: {} }, 'registerResolver'), 'INVALID_CONFIG', /the slow start of registerResolver has no "window"/);
  });
});
