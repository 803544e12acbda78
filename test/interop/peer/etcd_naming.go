package main

import (
	"encoding/json"

	"go.etcd.io/etcd/clientv3"
)

// etcdNaming has no value of its own here: its records are written by etcd's package.
var etcdNaming = framework{
	prefix: func(service string) string { return service + "/" },
	key:    func(each instance, _ clientv3.LeaseID) string { return each.Service + "/" + each.ID },
	read: func(each *instance, key string, value []byte) bool {
		var record struct {
			Op       uint8
			Addr     string
			Metadata map[string]string
		}
		each.ID = key[len(each.Service)+1:]
		ok := json.Unmarshal(value, &record) == nil
		each.Address = record.Addr
		each.Metadata = record.Metadata
		return ok
	},
}
