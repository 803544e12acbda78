import { expect } from 'chai';

import { Newcomers } from '../../../src/core/selection/newcomers.js';
import { parseSlowStart, slowStartSteps } from '../../../src/core/selection/slow-start.js';
import { expectThrow } from '../../support/expect-rejection.js';
import { instance } from './instances.js';

const rule = (raw: unknown): ReturnType<typeof parseSlowStart> => parseSlowStart(raw, 'x');

describe('the steps of a slow start', () => {
  it('are twenty, from the least share up to the whole', () => {
    const { stepMs, shares } = slowStartSteps(rule(10));
    expect(stepMs).to.equal(500);
    expect(shares).to.have.length(20);
    expect(shares.slice(0, 4)).to.deep.equal([0.1, 0.1, 0.1, 0.15]);
    expect(shares[10]).to.equal(0.5);
    expect(shares[19]).to.equal(0.95);
  });

  it('are fewer when a twentieth would be shorter than 100 ms', () => {
    expect(slowStartSteps(rule(1))).to.deep.equal({ stepMs: 100, shares: [0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] });
  });

  it("bend with Envoy's aggression: the share is (age / window) ^ (1 / aggression)", () => {
    expect(slowStartSteps(rule({ window: 10, aggression: 2 })).shares[5]).to.equal(0.5);
    expect(slowStartSteps(rule({ window: 10, aggression: 0.5, minShare: 0.001 })).shares[10]).to.equal(0.25);
  });

  it('refuse what makes no sense', () => {
    for (const [raw, message] of [[0, /0 is not a number of seconds from 0.1/], [{}, /has no "window"/], [null, /the slow start of x is null/], [{ window: 5, minShare: 0 }, /0 is not/], [{ window: 5, aggression: 0 }, /0 is not/]] as const) {
      expectThrow(() => rule(raw), 'INVALID_CONFIG', message);
    }
    expectThrow(() => rule({ window: 5, min: 1 }), 'UNKNOWN_OPTION');
  });
});

describe('newcomers', () => {
  const [a, b, c] = [instance('a'), instance('b'), instance('c')];

  it('are not those of the first list, whatever its size', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a, b], 0);
    expect(newcomers.any).to.equal(false);
    expect(newcomers.shareOf(a, 0)).to.equal(1);
    expect(newcomers.nextChangeAt(0)).to.equal(undefined);
  });

  it('grow step by step to the whole, and tell of each step that changes a share and no other', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a], 0);
    newcomers.observe([a, b], 20_000);
    expect(newcomers.shareOf(a, 20_000)).to.equal(1);
    const told: [number, number][] = [];
    for (let at = newcomers.nextChangeAt(20_000); at !== undefined; at = newcomers.nextChangeAt(at)) told.push([at, newcomers.shareOf(b, at)]);
    expect(newcomers.shareOf(b, 20_000)).to.equal(0.1);
    expect(newcomers.shareOf(b, 21_499)).to.equal(0.1);
    // The steps at 500 and 1,000 ms are below the least share and change nothing.
    expect(told[0]).to.deep.equal([21_500, 0.15]);
    expect(told).to.have.length(18);
    expect(told.at(-1)).to.deep.equal([30_000, 1]);
  });

  it('step together, however they came', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a], 0);
    newcomers.observe([a, b], 1010);
    newcomers.observe([a, b, c], 1490);
    expect(newcomers.nextChangeAt(1490)).to.equal(2500);
    expect(newcomers.shareOf(b, 2500)).to.equal(newcomers.shareOf(c, 2500)).and.to.equal(0.15);
  });

  it('are also those that moved, and those that vanished and came back; a new weight makes nobody new', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a, b, c], 0);
    newcomers.observe([instance('a', { address: 'h:2' }), instance('b', { weight: 5 })], 1000);
    expect([a, b, c].map((each) => newcomers.shareOf(each, 1000))).to.deep.equal([0.1, 1, 1]);
    newcomers.observe([a, b, c], 6000);
    expect([a, b, c].map((each) => newcomers.shareOf(each, 6000))).to.deep.equal([0.1, 1, 0.1]);
  });

  it('that go again leave nothing to wait for', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a], 0);
    newcomers.observe([a, b], 1000);
    newcomers.observe([a], 2000);
    expect(newcomers.nextChangeAt(2000)).to.equal(undefined);
  });

  it('keep their age when they change otherwise, and are forgotten after the window', () => {
    const newcomers = new Newcomers(rule(10));
    newcomers.observe([a], 0);
    newcomers.observe([a, b], 1000);
    newcomers.observe([a, instance('b', { weight: 5 })], 6000);
    expect(newcomers.shareOf(b, 6000)).to.equal(0.5);
    newcomers.observe([a, b], 11_000);
    expect(newcomers.any).to.equal(false);
  });
});
