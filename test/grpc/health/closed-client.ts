/** A process that calls once with health checks on, closes its client, and has nothing more to do. */
import { call, simpleClient } from '../support/simple-service.js';
import { healthPolicyName } from './health-policy.js';

const serviceConfig = JSON.stringify({ loadBalancingConfig: [{ [healthPolicyName]: {} }] });
const client = simpleClient(`ipv4:${process.argv[2] ?? ''}`, { 'grpc.service_config': serviceConfig });
console.log(await call(client));
client.close();
