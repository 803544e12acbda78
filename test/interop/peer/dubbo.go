package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.etcd.io/etcd/clientv3"
)

type dubboInstance struct {
	ID              string
	ServiceName     string
	Host            string
	Port            int
	Weight          int64
	Enable          bool
	Healthy         bool
	Metadata        map[string]string
	ServiceMetadata *struct{}
	Address         string
	GroupName       string
	Tag             string
}

var dubbo = framework{
	prefix: func(service string) string { return "/services/" + service + "/" },
	key: func(each instance, _ clientv3.LeaseID) string {
		host, port := hostAndPort(each.Address)
		return fmt.Sprintf("/services/%s/%s:%d", each.Service, host, port)
	},
	value: func(each instance) string {
		host, port := hostAndPort(each.Address)
		weight := int64(each.Weight)
		if weight == defaultWeight {
			weight = 0
		}
		record := dubboInstance{ID: each.Address, ServiceName: each.Service, Host: host, Port: port, Weight: weight, Enable: true, Healthy: true, Metadata: each.Metadata}
		// The only one that is written by an encoder, which ends with a line break.
		var text bytes.Buffer
		check(json.NewEncoder(&text).Encode(record))
		return text.String()
	},
	read: func(each *instance, _ string, value []byte) bool {
		var record dubboInstance
		check(json.Unmarshal(value, &record))
		each.Address = record.Host + ":" + strconv.Itoa(record.Port)
		if record.Weight > 0 {
			each.Weight = int(record.Weight)
		}
		each.ID, each.Metadata = record.ID, record.Metadata
		return record.ServiceName == each.Service && record.Enable && record.Healthy
	},
}

func hostAndPort(address string) (host string, port int) {
	colon := strings.LastIndex(address, ":")
	port, err := strconv.Atoi(address[colon+1:])
	check(err)
	return address[:colon], port
}
