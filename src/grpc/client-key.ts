import { hostname } from 'node:os';

/**
 * Who this process is to a subset that names no key: the same after a restart in a container, where host name and process id come back,
 * and another for each process of one machine, so that they do not all call the same few instances.
 */
export const clientKey = `${hostname()}/${process.pid}`;
