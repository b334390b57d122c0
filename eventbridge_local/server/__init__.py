"""EventBridge over HTTP on this machine, for SDKs of other languages and the AWS CLI. Not for production.

    with serve(template="template.yaml") as url:
        subprocess.run(["aws", "events", "list-rules", "--endpoint-url", url])

It checks no signatures and keeps nothing when it ends. Whoever can reach it is answered, but for web pages.
"""

from eventbridge_local.server.serving import Server, serve

__all__ = ["Server", "serve"]
