package main

import (
	"net/url"
	"strconv"
	"strings"

	"go.etcd.io/etcd/clientv3"
)

var rpcx = framework{
	prefix: func(service string) string { return "/rpcx/" + service + "/" },
	key: func(each instance, _ clientv3.LeaseID) string {
		network, address := dialled(each.Address)
		return "/rpcx/" + each.Service + "/" + network + "@" + address
	},
	value: func(each instance) string {
		values := url.Values{}
		for key, value := range each.Metadata {
			values.Set(key, value)
		}
		if each.Weight == 0 {
			values.Set("state", "inactive")
		} else if each.Weight != defaultWeight {
			values.Set("weight", strconv.Itoa(each.Weight/defaultWeight))
		}
		return values.Encode()
	},
	read: func(each *instance, key string, value []byte) bool {
		values, err := url.ParseQuery(string(value))
		check(err)
		where := strings.SplitN(key[len("/rpcx/"+each.Service+"/"):], "@", 2)
		each.Address = where[1]
		if where[0] == "unix" {
			each.Address = "unix:" + where[1]
		}
		if weight, err := strconv.Atoi(values.Get("weight")); err == nil {
			each.Weight = weight * defaultWeight
			values.Del("weight")
		}
		// Its clients leave such an instance out.
		if values.Get("state") == "inactive" {
			each.Weight = 0
			values.Del("state")
		}
		for key := range values {
			each.Metadata[key] = values.Get(key)
		}
		return true
	},
}
