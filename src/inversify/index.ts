/** `rollcall/inversify`: the composition root. `connect()` resolves from the same module. */
export { type ModuleOptions, type ResolverOptions, rollcallModule } from './module.js';
export { TOKENS } from './tokens.js';
