import { expect } from 'chai';

import { goField, goText, parseJsonObject, tryJsonObject } from '../../src/adapters/etcd/layouts/go-fields.js';
import { goJson, goMap } from '../../src/adapters/etcd/layouts/go-json.js';
import { expectThrow } from '../support/expect-rejection.js';

// What json.Marshal of Go 1.22 gives for the same values.
describe('JSON as Go writes it', () => {
  const texts = [
    ['what HTML could take for markup', '<a&b>', '"\\u003ca\\u0026b\\u003e"'],
    ['the line and paragraph separators', '\u2028\u2029', '"\\u2028\\u2029"'],
    ['quotes and backslashes', '"\\', '"\\"\\\\"'],
    ['control characters that have a short form', '\b\f\n\r\t', '"\\b\\f\\n\\r\\t"'],
    ['control characters that have none', '\u0000\u000b\u001f', '"\\u0000\\u000b\\u001f"'],
    ['nothing else', "\u007f\u0080/'é漢😀\uffff", '"\u007f\u0080/\'é漢😀\uffff"'],
  ] as const;
  for (const [what, text, json] of texts) {
    it(`escapes ${what}`, () => {
      expect(goJson(text)).to.equal(json);
      expect(goJson(new Map([[text, text]]))).to.equal(`{${json}:${json}}`);
      expect(goJson({ [text]: [text] })).to.equal(`{${json}:[${json}]}`);
    });
  }

  it('sorts the keys of a map by their bytes', () => {
    // By UTF-16 units the emoji would come before U+FFFF; by number 9 before 10; without case a before B.
    const keys = ['b', '😀', '\uffff', 'é', 'B', '9', '10', 'aa', 'a', '', '<'];
    expect(goJson(new Map(keys.map((key) => [key, 0])))).to.equal('{"":0,"10":0,"9":0,"\\u003c":0,"B":0,"a":0,"aa":0,"b":0,"é":0,"\uffff":0,"😀":0}');
  });

  it('keeps the fields of a struct in their order', () => {
    expect(goJson({ Op: 0, Addr: 'a', Metadata: null })).to.equal('{"Op":0,"Addr":"a","Metadata":null}');
  });

  it('writes null for a map that was never made, and sorts the keys of any other', () => {
    expect(goJson(goMap({}))).to.equal('null');
    expect(goJson({ tags: goMap({ b: '2', '9': 'n', '10': 't', a: '1' }) })).to.equal('{"tags":{"10":"t","9":"n","a":"1","b":"2"}}');
  });

  it('tells what is empty from what is null', () => {
    expect(goJson([])).to.equal('[]');
    expect(goJson({})).to.equal('{}');
    expect(goJson(new Map())).to.equal('{}');
    expect(goJson([null, true, false, 0, -1, 65_535, '', [[]]])).to.equal('[null,true,false,0,-1,65535,"",[[]]]');
  });

  it('nests maps in structs in lists', () => {
    const inner = new Map([['z', '>'], ['y', '1']]);
    const outer = new Map([['b', inner], ['a', new Map<string, string>()]]);
    expect(goJson({ nodes: [{ metadata: outer, id: 'x' }] })).to.equal('{"nodes":[{"metadata":{"a":{},"b":{"y":"1","z":"\\u003e"}},"id":"x"}]}');
  });
});

describe('JSON as Go reads it', () => {
  it('finds a field in whatever case', () => {
    for (const json of ['{"Addr":"a"}', '{"addr":"a"}', '{"ADDR":"a"}']) expect(goField(parseJsonObject(json), 'Addr'), json).to.equal('a');
    expect(goField(parseJsonObject('{"address":"a","adr":"b","":"c"}'), 'Addr')).to.equal(undefined);
  });

  it('takes the last of several, and does not count null', () => {
    expect(goField(parseJsonObject('{"Addr":"a","addr":"b","ADDR":"c"}'), 'addr')).to.equal('c');
    expect(goField(parseJsonObject('{"Addr":"a","addr":null}'), 'Addr')).to.equal('a');
    expect(goField(parseJsonObject('{"Addr":null}'), 'Addr')).to.equal(undefined);
  });

  it('finds nothing that stands in the prototype', () => {
    expect(goField(parseJsonObject('{}'), 'toString')).to.equal(undefined);
    expect(goField(parseJsonObject('{}'), '__proto__')).to.equal(undefined);
    expect(goField(parseJsonObject('{"__proto__":{"addr":"a"}}'), 'addr')).to.equal(undefined);
  });

  it('keeps values that are false, 0 and empty apart from missing ones', () => {
    const object = parseJsonObject('{"a":false,"b":0,"c":""}');
    expect([goField(object, 'A'), goField(object, 'B'), goText(object, 'C')]).to.deep.equal([false, 0, '']);
  });

  it('refuses a field that must be text and is not, naming it', () => {
    expect(goText(parseJsonObject('{"name":null}'), 'name')).to.equal(undefined);
    expect(goText(parseJsonObject('{"NAME":"x"}'), 'name')).to.equal('x');
    for (const [json, shown] of [['7', '7'], ['true', 'true'], ['{}', 'an object'], ['["x"]', 'an array']] as const) {
      expectThrow(() => goText(parseJsonObject(`{"name":${json}}`), 'name'), 'INVALID_INSTANCE', new RegExp(`^name ${shown} is not a string$`));
    }
  });

  it('refuses what is no JSON object, naming it', () => {
    for (const value of ['', ' ', 'x', '{', '{"a":1}x', '\ufeff{}', "{'a':1}"]) expectThrow(() => parseJsonObject(value), 'INVALID_INSTANCE', /^value ".*" is not JSON$/);
    for (const value of ['null', '7', '"x"', '[]', 'true']) expectThrow(() => parseJsonObject(value), 'INVALID_INSTANCE', /is not a JSON object$/);
    expect(parseJsonObject(' \n{"a":1}\r\n')).to.deep.equal({ a: 1 });
  });

  it('tells with tryJsonObject what it is, without a throw', () => {
    for (const value of ['', 'x', '{', '{"a":1}x', 'null', '7', '[]', '10.0.0.1:80', '\u00a0{}']) expect(tryJsonObject(value), value).to.equal(undefined);
    expect(tryJsonObject('\n {"a":1}\n')).to.deep.equal({ a: 1 });
  });
});
