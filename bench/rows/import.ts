import type { OpenRow, Round, Row } from '../row.js';
import { importTime, type Loaded, loadedBy } from '../world/loaded.js';

async function open(specifier: string): Promise<OpenRow> {
  const [ours, theirs] = [await loadedBy(specifier), await loadedBy('etcd3')];
  const round = async (of: string, { files, bytes }: Loaded): Promise<Round> => ({ time: await importTime(of), files, size: bytes / 1024 });
  const { packages } = ours;
  return {
    rollcall: () => round(specifier, ours),
    peer: () => round('etcd3', theirs),
    remark: () => (packages.length === 0 ? 'loads no other package' : `loads ${packages.length <= 6 ? packages.join(', ') : `${packages.slice(0, 6).join(', ')} and ${packages.length - 6} more packages`}`),
  };
}

const row = (subpath: string): Row => {
  const specifier = subpath === '' ? 'rollcall' : `rollcall/${subpath}`;
  return {
    name: `import-${subpath === '' ? 'core' : subpath}`,
    what: `\`import '${specifier}'\` in a fresh process`,
    peer: "`import 'etcd3'`",
    metrics: [
      { name: 'time', what: 'ms', ...(subpath === 'memory' ? { goals: [{ of: 'median', atMost: 30 }] } : {}) },
      { name: 'files', what: 'modules loaded' },
      { name: 'size', what: 'KiB on the disk: our modules that are loaded, and every package that is' },
    ],
    rounds: 20,
    open: () => open(specifier),
  };
};

export const importRows: readonly Row[] = ['', 'memory', 'etcd', 'grpc', 'inversify', 'conformance'].map(row);
