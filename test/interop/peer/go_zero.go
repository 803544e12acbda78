package main

import (
	"strconv"

	"go.etcd.io/etcd/clientv3"
)

var goZero = framework{
	prefix: func(service string) string { return service + "/" },
	key: func(each instance, lease clientv3.LeaseID) string {
		if each.ID != each.Address {
			return each.Service + "/" + each.ID
		}
		return each.Service + "/" + strconv.FormatInt(int64(lease), 10)
	},
	value: func(each instance) string { return each.Address },
	read: func(each *instance, _ string, value []byte) bool {
		each.Address = string(value)
		return true
	},
}
