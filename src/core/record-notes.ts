import type { ServiceInstance } from './instance.js';
import { shared } from './shared.js';

/** What is known of the record that an instance was read from, and says nothing about the server. */
export interface RecordNotes {
  revision?: string | undefined;
  layout?: string | undefined;
}

/** What a class that extends this one adds its private fields to is the object given, and not one of its own. */
const Given = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/**
 * Notes on an instance that are not in it: private fields, which nobody sees, no comparison and no copy takes along, and which can be
 * written although the instance is frozen. In a WeakMap they would take three times the memory, and the garbage collector more time.
 */
class Noted extends Given {
  #revision: string | undefined = undefined;
  #layout: string | undefined = undefined;

  static read(instance: object, name: keyof RecordNotes): string | undefined {
    if (!(#revision in instance)) return others.get(instance)?.[name];
    return name === 'revision' ? instance.#revision : instance.#layout;
  }

  static write(instance: object, name: keyof RecordNotes, value: string): void {
    if (!(#revision in instance)) others.set(instance, { ...others.get(instance), [name]: value });
    else if (name === 'revision') instance.#revision = value;
    else instance.#layout = value;
  }
}

/** Of instances that somebody else made: an adapter of one's own is free to. */
const others = new WeakMap<object, RecordNotes>();

/** Those of the copy of the package that was loaded first: one copy may read what another one's adapter noted. */
const notes = shared(Symbol.for('rollcall.recordNotes'), () => ({
  prepare: (instance: object): void => {
    new Noted(instance);
  },
  read: (instance: object, name: keyof RecordNotes) => Noted.read(instance, name),
  write: (instance: object, name: keyof RecordNotes, value: string): void => {
    Noted.write(instance, name, value);
  },
}));

/** To be called before the instance is frozen: makes room for the notes. */
export function prepareNotes(instance: ServiceInstance): void {
  notes.prepare(instance);
}

export function readNote(instance: ServiceInstance, name: keyof RecordNotes): string | undefined {
  return notes.read(instance, name);
}

export function writeNote(instance: ServiceInstance, name: keyof RecordNotes, value: string | undefined): void {
  if (value !== undefined) notes.write(instance, name, value);
}
