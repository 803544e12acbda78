import { ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';

import { serve } from '../../src/grpc/serve.js';
import { etcdWorld } from '../integration/etcd/world.js';
import { simpleServer } from './support/simple-service.js';

describe('a server on etcd', function () {
  this.timeout(20_000);

  for (const layout of ['rollcall', 'plain'] as const) {
    it(`is paused, resumed and stopped with layout ${layout}`, async () => {
      const world = await etcdWorld({ layouts: [layout] });
      const { registry, discovery, close } = await world.connect();
      const weights = async (): Promise<readonly number[]> => (await discovery.get('svc')).instances.map(({ weight }) => weight);
      const serving = await serve(simpleServer('a'), { registry, service: 'svc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0 });
      const { registration } = serving;
      expect(await weights()).to.deep.equal([100]);

      await serving.pause();
      expect([serving.state, await weights()]).to.deep.equal(['paused', layout === 'plain' ? [] : [0]]);
      await serving.resume();
      expect([serving.ready, await weights()]).to.deep.equal([true, [100]]);
      expect(serving.registration === registration).to.equal(layout === 'rollcall');
      await Promise.all([serving.pause(), serving.resume(), serving.pause()]);
      expect([serving.state, await weights()]).to.deep.equal(['paused', layout === 'plain' ? [] : [0]]);
      await serving.resume();

      await serving.stop();
      expect([serving.state, await weights()]).to.deep.equal(['stopped', []]);
      await close();
      await world.close();
    });
  }
});
