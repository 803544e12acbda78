import sinon from 'sinon';

import type { Logger } from '../../src/core/logger.js';

/** A logger whose lines a test can look at. */
export function fakeLogger(): sinon.SinonStubbedInstance<Logger> {
  return { debug: sinon.stub(), info: sinon.stub(), warn: sinon.stub(), error: sinon.stub() };
}
