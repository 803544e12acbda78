import { expect } from 'chai';

import { ConnectionBoard } from '../../../src/grpc/balancer/connection-board.js';

describe('the board of connections', () => {
  let board: ConnectionBoard;
  let told: string[];

  beforeEach(() => {
    board = new ConnectionBoard();
    told = [];
    board.subscribe((id) => told.push(`${id} ${board.stateOf(id)}`));
  });

  it('knows how the policy stands with each instance', () => {
    board.report('a', 'failing', 'refused');
    board.report('b', 'ready');
    expect(board.connection('a')).to.include({ state: 'failing', detail: 'refused' });
    expect([board.stateOf('b'), board.stateOf('c')]).to.deep.equal(['ready', undefined]);
    expect([board.isImpaired('a'), board.isImpaired('b'), board.isImpaired('c')]).to.deep.equal([true, false, false]);
  });

  it('tells only of those that become failing or unhealthy, or cease to be', () => {
    board.report('a', 'connecting');
    board.report('a', 'ready');
    board.report('a', 'unhealthy', 'x');
    board.report('a', 'failing', 'y');
    board.report('a', 'connecting');
    board.report('a', 'failing', 'z');
    board.forget('a');
    board.forget('a');
    expect(told).to.deep.equal(['a unhealthy', 'a connecting', 'a failing', 'a undefined']);
  });

  it('keeps what the newer of two policies said when the older forgets', () => {
    const [older, newer] = [{}, {}];
    board.report('a', 'ready', '', older);
    board.report('a', 'failing', 'x', newer);
    board.forget('a', older);
    expect(board.stateOf('a')).to.equal('failing');
    board.forget('a', newer);
    expect(board.stateOf('a')).to.equal(undefined);
  });
});
