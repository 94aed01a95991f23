"""One control channel from the controller's side: sends requests, waits for responses, and passes pushes on."""

import asyncio
import json


class Talk:
    """`pushed(method, params)` receives the board's pushes. `listen` must run during calls."""

    def __init__(self, connection, pushed=lambda method, params: None):
        self.connection, self.pushed = connection, pushed
        self.waiting, self.id = {}, 0

    async def listen(self):
        """Reads until the connection ends."""
        try:
            async for text in self.connection:
                message = json.loads(text)
                if "method" in message:
                    self.pushed(message["method"], message.get("params", {}))
                elif (waits := self.waiting.pop(message.get("id"), None)) and not waits.done():
                    if "error" in message:
                        error = message["error"]
                        reason = error.get("data", {}).get("reason")
                        waits.set_exception(RuntimeError(f"{error['message']} ({reason})"))
                    else:
                        waits.set_result(message["result"])
        finally:
            # Nothing is sent twice: a toggle would be done twice.
            for waits in self.waiting.values():
                if not waits.done():
                    waits.set_exception(ConnectionError("the connection ended before the answer"))

    async def call(self, method, **params):
        self.id += 1
        waits = self.waiting[self.id] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}))
        return await waits

    async def components(self):
        """All components, page by page."""
        every, total = [], 1
        while len(every) < total:
            page = await self.call("Device.GetComponents", offset=len(every))
            total = page["total"]
            every += page["components"]
            if not page["components"]:
                break
        return every


def words(method, params):
    """Returns a push as a line of text."""
    by = f"  ({params['source']})" if "source" in params else ""
    if method == "NotifyEvent":
        return "\n".join(f"{one['component']} {one['event']}{by}" for one in params["events"])
    return "\n".join(f"{key} {json.dumps(fields)}{by}" for key, fields in params.items() if isinstance(fields, dict))
