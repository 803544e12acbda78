/** Configuration: the catalogue of adapters, and the three forms in which a backend is named. */
export { Catalogue } from './catalogue.js';
export { type ConfigSource, environmentVariable, loadConfig, type LoadConfigOptions, type RegistryConfigObject } from './load-config.js';
export { RegistryConfig } from './registry-config.js';
export { defaultCatalogue, registerAdapter } from './shipped.js';
