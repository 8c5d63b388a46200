"""Receive signed callbacks.

Run: WEBHOOK_SECRET=whsec_… python verify_webhook.py 9000
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))  # the exact bytes, because they are signed
        try:
            webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            return self.answer(401)  # final: Baton does not try again
        message = json.loads(body)
        # The same webhook-id arrives again if the answer was lost: process it only once.
        print(self.headers["webhook-id"], message["type"], message["task_id"], message["result"], flush=True)
        return self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
