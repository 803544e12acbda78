import { RollcallError } from '../../../core/errors.js';
import { createInstance, defaultWeight, type ServiceInstance } from '../../../core/instance.js';
import type { CarriedField, Layout } from './layout.js';

/** Every field that a layout may lack, in the order in which messages name them. */
export const carriedFields: readonly CarriedField[] = ['id', 'weight', 'version', 'zone', 'metadata'];

/**
 * What the layout is to write of an instance: all of it, or without the fields that it does not carry and the user lets go.
 * @param drop what the user lets go where a layout cannot carry it
 * @throws RollcallError INVALID_INSTANCE, naming what would be lost and what to do about it
 */
export function carriedBy(layout: Layout, instance: ServiceInstance, drop: ReadonlySet<CarriedField>): ServiceInstance {
  const extra = carriedFields.filter((field) => !layout.carries.has(field) && isSet(instance, field));
  if (extra.length === 0) {
    layout.check?.(instance);
    return instance;
  }
  // An instance that asks for no calls would get them.
  if (extra.includes('weight') && instance.weight === 0) {
    throw new RollcallError('INVALID_INSTANCE', `layout ${layout.name} cannot carry weight 0, and an instance that asks for no calls would get them if it were dropped; deregister it instead`);
  }
  const lost = extra.filter((field) => !drop.has(field));
  if (lost.length > 0) {
    throw new RollcallError('INVALID_INSTANCE', `layout ${layout.name} cannot carry ${lost.join(', ')}; leave that out, use layout rollcall, or let it go with the option drop=${lost.join(',')}`);
  }
  const { service, address } = instance;
  const kept = Object.fromEntries(carriedFields.filter((field) => layout.carries.has(field)).map((field) => [field, instance[field]]));
  const reduced = createInstance({ service, address, ...kept });
  layout.check?.(reduced);
  return reduced;
}

function isSet(instance: ServiceInstance, field: CarriedField): boolean {
  switch (field) {
    case 'id':
      return instance.id !== instance.address;
    case 'weight':
      return instance.weight !== defaultWeight;
    case 'metadata':
      return Object.keys(instance.metadata).length > 0;
    default:
      return instance[field] !== undefined;
  }
}
