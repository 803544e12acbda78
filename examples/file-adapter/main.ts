/** Registers one server in a directory and reads it back: `tsx examples/file-adapter/main.ts /some/dir`. */
import { connect, registerAdapter } from 'rollcall';

registerAdapter({ name: 'file', load: async () => (await import('../file-adapter.js')).fileAdapter });

const { registry, discovery, close } = await connect(`file:${process.argv[2] ?? '/tmp/roll'}?pollMs=50`);
try {
  await registry.register({ service: 'simple_grpc', address: '127.0.0.1:8000' });
  const { instances, revision } = await discovery.get('simple_grpc');
  console.log(`revision ${revision}: ${instances.map(({ address }) => address).join(' ')}`);
} finally {
  await close();
}
