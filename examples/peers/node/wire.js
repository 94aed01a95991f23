// The meaning of a message: JSON-RPC 2.0 as specified in docs/protocol.md,
// "Messages" and "Errors". Knows no socket and no board.

// A request that is refused: thrown anywhere, it becomes the error of the
// response.
export class Refused extends Error {
  constructor(code, reason, message) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export const wrong = (reason, message) => new Refused(-32602, reason, message);

// Splits JSON into punctuation, strings and words, without validating it.
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/gs;

// How deep objects and lists are nested, and the text of the outermost `id`.
// Its text, because JavaScript's numbers have 53 bits and an id has 64:
// JSON.parse('9223372036854775807') is 9223372036854775808. The text is sent
// back unchanged.
function scan(text) {
  let depth = 0, deepest = 0, id, before, named;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    if (token === '}' || token === ']') depth--;
    if (depth === 1 && token === ':') named = before;
    else if (depth === 1 && before === ':' && named === '"id"') id = token;
    before = token;
  }
  return { deepest, id };
}

function isId(text, value) {
  if (typeof value === 'string') return Buffer.byteLength(text) <= 64;
  return /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

// Reads a request. Returns { id, method, params }, where `id` is its JSON text,
// or undefined without one. Throws if it is refused, with the id as a field if
// it could be read.
export function read(text) {
  const { deepest, id } = scan(text);
  if (deepest > 16) throw new Refused(-32700, 'nested_too_deeply', 'at most 16 objects and lists within each other are read');
  let request;
  try {
    request = JSON.parse(text);
  } catch (error) {
    throw new Refused(-32700, 'not_json', `one JSON object is expected: ${error.message}`);
  }
  if (Array.isArray(request)) throw new Refused(-32600, 'batch', 'send one object a message');
  if (request === null || typeof request !== 'object') {
    throw new Refused(-32600, 'not_an_object', 'a request is an object with jsonrpc, id, method and params');
  }
  if ('id' in request && !isId(id, request.id)) {
    throw new Refused(-32600, 'bad_id', 'id is a whole number of 64 bits or a text, at most 64 bytes');
  }
  const refuse = (code, reason, message) => Object.assign(new Refused(code, reason, message), { id });
  if (request.jsonrpc !== '2.0') throw refuse(-32600, 'not_json_rpc', '"jsonrpc":"2.0" is expected');
  if (typeof request.method !== 'string') throw refuse(-32600, 'no_method', 'method is a text, for example Light.Set');
  let params = request.params === undefined ? {} : request.params;
  // websocat --jsonrpc sends [] if there are none.
  if (Array.isArray(params) && params.length === 0) params = {};
  if (params === null || typeof params !== 'object' || Array.isArray(params)) {
    throw refuse(-32602, 'params_not_by_name', 'params are an object: {"id":0,"on":true}');
  }
  // A parameter that is null counts as omitted.
  params = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
  return { id, method: request.method, params };
}

export const answer = (id, result) => `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;

export function refusal(id, error) {
  const { code, message, reason } = error;
  return `{"jsonrpc":"2.0","id":${id ?? null},"error":${JSON.stringify({ code, message, data: { reason } })}}`;
}

export const push = (method, params) => JSON.stringify({ jsonrpc: '2.0', method, params });

// The parameter of this name, or undefined if it is omitted.
export function optional(params, name, type) {
  const value = params[name];
  if (value !== undefined && typeof value !== type) throw wrong('wrong_type', `${name} is a ${type}`);
  return value;
}

// A fraction is out of range, like a number beyond the limits: JSON has one
// type for all numbers.
export function whole(params, name, least = -Infinity, most = Infinity) {
  const value = optional(params, name, 'number');
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most)) {
    throw wrong('out_of_range', `${name} is a whole number from ${least} to ${most}, not ${value}`);
  }
  return value;
}

export function needed(value, name) {
  if (value === undefined) throw wrong('missing', `${name} is missing`);
  return value;
}
