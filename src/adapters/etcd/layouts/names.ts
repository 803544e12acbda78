/** The layouts that `layout=` accepts. */
export const layoutNames = ['rollcall', 'plain', 'etcd-naming', 'kratos', 'go-zero', 'kitex', 'hertz', 'go-micro', 'rpcx', 'dubbo'] as const;

export type LayoutName = (typeof layoutNames)[number];
