import { conformance } from '../../../src/conformance/index.js';
import { memoryWorld } from '../../conformance/memory-world.js';

conformance({ describe, it, name: 'memory', factory: () => memoryWorld(), features: ['fields', 'loseLease', 'interrupt', 'corrupt', 'freeze', 'watches', 'leases'] });
