// One control channel from the controller's side: sends requests, waits for
// responses, and passes pushes on.

export class Talk {
  #waiting = new Map();
  #id = 0;

  // `socket` is an open WebSocket of `ws`; `pushed(method, params)` receives
  // the board's pushes.
  constructor(socket, pushed = () => {}) {
    this.socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.method) return pushed(message.method, message.params);
      const { resolve, reject } = this.#waiting.get(message.id) ?? {};
      this.#waiting.delete(message.id);
      if (message.error) reject?.(new Error(`${message.error.message} (${message.error.data?.reason})`));
      else resolve?.(message.result);
    });
    socket.on('close', () => {
      // Nothing is sent twice: a toggle would be done twice.
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended before the answer'));
      this.#waiting.clear();
    });
  }

  call(method, params = {}) {
    const id = ++this.#id;
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  // All components, page by page.
  async components() {
    const all = [];
    for (let total = 1; all.length < total;) {
      const page = await this.call('Device.GetComponents', { offset: all.length });
      total = page.total;
      all.push(...page.components);
      if (page.components.length === 0) break;
    }
    return all;
  }
}

// A push as a line of text.
export function words(method, params) {
  const by = params.source ? `  (${params.source})` : '';
  if (method === 'NotifyEvent') return params.events.map(({ component, event }) => `${component} ${event}${by}`).join('\n');
  const { epoch, prev, seq, uptime_ms, source, ...components } = params;
  return Object.entries(components).map(([key, fields]) => `${key} ${JSON.stringify(fields)}${by}`).join('\n');
}
