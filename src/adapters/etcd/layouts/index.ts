import type { Layout } from './layout.js';
import type { LayoutName } from './names.js';
import { plainLayout } from './plain.js';
import { rollcallLayout } from './rollcall.js';

export const layouts: Readonly<Record<LayoutName, Layout>> = { rollcall: rollcallLayout, plain: plainLayout };
