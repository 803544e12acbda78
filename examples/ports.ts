/** The two ports from a program of one's own: `tsx examples/ports.ts` needs no etcd; set ROLLCALL_REGISTRY for one. */
import { connect } from 'rollcall';

const rollcall = await connect(process.env.ROLLCALL_REGISTRY ?? 'memory:', { logger: console });

// Reading: each snapshot is complete, and says what changed since the last one that this reader saw.
const watch = rollcall.discovery.watch('orders');
const reading = watch.subscribe(({ status, instances, added, removed, changed }) => {
  console.log(`${status}: ${instances.length} there, +${added.length} -${removed.length} ~${changed.length}`);
});

// Writing: stored when it resolves, and kept stored until it is deregistered.
const registration = await rollcall.registry.register({ service: 'orders', address: '10.0.0.1:8000', metadata: { lane: 'blue' } });
registration.subscribe((state, { reason }) => {
  console.log(`registration ${state}${reason === undefined ? '' : `: ${reason.message}`}`);
});
await registration.update({ weight: 50 });

// One look, from the backend and never from a cache; and a loop that ends when it is left.
const { instances, revision } = await rollcall.discovery.get('orders');
console.log(`revision ${revision}: ${instances.map(({ address, weight }) => `${address} (${weight})`).join(', ')}`);
for await (const snapshot of watch) {
  if (snapshot.instances.some(({ weight }) => weight === 50)) break;
}

await registration.deregister();
reading[Symbol.dispose]();
await rollcall.close();
