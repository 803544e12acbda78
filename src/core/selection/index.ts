/** Choosing whom to call out of a snapshot: pure functions, and small classes that remember; usable without gRPC. */
export { type Candidate, type Dropped, type DropReason, dropReasons, type IsHealthy } from './candidate.js';
export type { ExplainReason } from './drop-counts.js';
export { type ConnectionState, explain, type ExplainContext, type ExplainedRecord, type Explanation } from './explain.js';
export { type InstanceFilter, type InstanceMatch, type ParsedFilter, parseFilter, type TextMatch } from './filter.js';
export { parseFilterText } from './filter-text.js';
export { type GuardView, type Holding, SnapshotGuard } from './guard.js';
export { type GuardOptions, type GuardRules, guardSpecs, parseGuardOptions } from './guard-options.js';
export { Newcomers } from './newcomers.js';
export { OnePerAddress, type RevisionOf } from './one-per-address.js';
export { parseSelectionOptions, type SelectionOptions, type SelectionRules, selectionSpecs } from './options.js';
export { select, type Selection, type SelectionContext } from './select.js';
export { Selector, type SelectorDeps } from './selector.js';
export type { SlowStart, SlowStartRule } from './slow-start.js';
export { chooseSubset, type Subset, type SubsetRule } from './subset.js';
export { SubsetRanks } from './subset-ranks.js';
export { chooseZones, type ZoneChoice, type ZonePreference, type ZoneRule } from './zone.js';
