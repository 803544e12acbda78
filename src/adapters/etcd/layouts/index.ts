import { dubboLayout } from './dubbo.js';
import { etcdNamingLayout } from './etcd-naming.js';
import { goMicroLayout } from './go-micro.js';
import { goZeroLayout } from './go-zero.js';
import { hertzLayout } from './hertz.js';
import { kitexLayout } from './kitex.js';
import { kratosLayout } from './kratos.js';
import type { Layout } from './layout.js';
import type { LayoutName } from './names.js';
import { plainLayout } from './plain.js';
import { rollcallLayout } from './rollcall.js';
import { rpcxLayout } from './rpcx.js';

export const layouts: Readonly<Record<LayoutName, Layout>> = {
  rollcall: rollcallLayout,
  plain: plainLayout,
  'etcd-naming': etcdNamingLayout,
  kratos: kratosLayout,
  'go-zero': goZeroLayout,
  kitex: kitexLayout,
  hertz: hertzLayout,
  'go-micro': goMicroLayout,
  rpcx: rpcxLayout,
  dubbo: dubboLayout,
};
