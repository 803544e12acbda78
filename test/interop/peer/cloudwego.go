package main

import (
	"encoding/json"

	"go.etcd.io/etcd/clientv3"
)

type cloudwegoInstance struct {
	Network string            `json:"network"`
	Address string            `json:"address"`
	Weight  int               `json:"weight"`
	Tags    map[string]string `json:"tags"`
}

// cloudwego is Kitex and, but for the JSON, which bytedance/sonic writes there, Hertz.
func cloudwego(prefix string) framework {
	return framework{
		prefix: func(service string) string { return prefix + service + "/" },
		key: func(each instance, _ clientv3.LeaseID) string {
			_, address := dialled(each.Address)
			return prefix + each.Service + "/" + address
		},
		value: func(each instance) string {
			network, address := dialled(each.Address)
			return marshal(cloudwegoInstance{network, address, each.Weight / 10, orNil(each.Metadata)})
		},
		read: func(each *instance, _ string, value []byte) bool {
			var record cloudwegoInstance
			ok := json.Unmarshal(value, &record) == nil
			each.Address = record.Address
			if record.Network == "unix" {
				each.Address = "unix:" + record.Address
			}
			if record.Weight > 0 {
				each.Weight = record.Weight * 10
			}
			each.Metadata = record.Tags
			return ok
		},
	}
}

// dialled is what net.Dial takes for an address of gRPC.
func dialled(address string) (network, where string) {
	const unix = "unix:"
	if len(address) > len(unix) && address[:len(unix)] == unix {
		return "unix", address[len(unix):]
	}
	return "tcp", address
}
