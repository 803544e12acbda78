import { expect } from 'chai';
import sinon from 'sinon';

import { guardedLogger } from '../../src/core/logger.js';

describe('a guarded logger', () => {
  it('passes every line on', () => {
    const logger = { debug: sinon.spy(), info: sinon.spy(), warn: sinon.spy(), error: sinon.spy() };
    const guarded = guardedLogger(logger);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) guarded[level]({ a: 1 }, level);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) expect(logger[level].args).to.deep.equal([[{ a: 1 }, level]]);
  });

  it('keeps what the logger throws from whoever logs', () => {
    const broken = sinon.stub().throws(new Error('disk full'));
    const guarded = guardedLogger({ debug: broken, info: broken, warn: broken, error: broken });
    expect(() => guarded.error({}, 'x')).to.not.throw();
    expect(broken.callCount).to.equal(1);
  });

  it('calls a logger that needs its this, as pino does', () => {
    class Lines {
      readonly lines: string[] = [];
      debug(_: object, message: string): void {
        this.lines.push(message);
      }
      info = this.debug;
      warn = this.debug;
      error = this.debug;
    }
    const logger = new Lines();
    guardedLogger(logger).warn({}, 'x');
    expect(logger.lines).to.deep.equal(['x']);
  });
});
