export * from './core/index.js';
export * from './config/index.js';
export { connect, type ConnectOptions } from './connect.js';
