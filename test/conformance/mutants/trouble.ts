import { altering, replacing } from '../broken-memory.js';
import { type Mutant, none, sink, source } from './mutant.js';

/** They break laws 4 and 5. */
export const troubleMutants: readonly Mutant[] = [
  {
    law: 'law 4',
    fault: 'empties a stale snapshot',
    faults: { discovery: altering(({ status }) => (status === 'stale' ? { instances: none } : {})) },
  },
  { law: 'law 4', fault: 'never says that it is stale', faults: sink(() => ({ stale: () => undefined })) },
  {
    law: 'law 4',
    fault: 'takes no look at what changed while it was stale',
    faults: source((inner) => ({
      follow: (service, target) => {
        let synced = false;
        return inner.follow(
          service,
          replacing(target, {
            replace: (...args) => {
              if (synced) target.live();
              else target.replace(...args);
              synced = true;
            },
          }),
        );
      },
    })),
  },
  {
    law: 'law 4',
    fault: 'calls an unreachable service empty',
    faults: source((inner) => ({ list: (...args) => inner.list(...args).catch(() => ({ records: [], revision: '0' })) })),
  },
  { law: 'law 5', fault: 'keeps quiet about garbage', faults: { discovery: altering(() => ({ skipped: none })) } },
  {
    law: 'law 5',
    fault: 'hides the others behind garbage',
    faults: { discovery: altering(({ skipped }) => (skipped.length > 0 ? { instances: none } : {})) },
  },
  {
    law: 'law 5',
    fault: 'throws on garbage',
    faults: source((inner) => ({
      list: async (...args) => {
        const listing = await inner.list(...args);
        if ([...listing.records].some((record) => 'skipped' in record)) throw new SyntaxError('not JSON');
        return listing;
      },
    })),
  },
  {
    law: 'law 5',
    fault: 'never looks again at a key that held garbage',
    faults: sink((target) => {
      const bad = new Set<string>();
      return {
        apply: (changes, revision) => {
          const kept = [...changes].filter((change) => !bad.has(change.key));
          for (const change of kept) if ('skipped' in change) bad.add(change.key);
          target.apply(kept, revision);
        },
      };
    }),
  },
];
