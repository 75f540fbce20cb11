"""gunicorn's log in the form of ours: its own messages, and a line for each request."""

from gunicorn import glogging

from portal import logs

#: Time, method, path without the query, status, bytes, microseconds, request number. No address, no name, no search
#: words: who did what is in the audit log, which is kept and read under its own rules.
ACCESS_LOG = "%(t)s %(m)s %(U)s %(s)s %(B)s %(D)s %({x-request-id}o)s"
#: The same as the names and values of an object.
ACCESS_FIELDS = {
    "method": "m", "path": "U", "status": "s", "bytes": "B", "microseconds": "D", "request": "{x-request-id}o",
}


class TextLog(glogging.Logger):
    """Messages as lines for people; requests in the form of ACCESS_LOG."""

    form = "text"

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(self.form))


class JsonLog(TextLog):
    """Everything as one JSON object a line."""

    form = "json"

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.access_log.handlers:
            handler.setFormatter(logs.formatter(self.form))

    def access(self, resp, req, environ, request_time):
        if self.access_log_enabled:
            atoms = self.atoms(resp, req, environ, request_time)
            found = {name: atoms.get(atom, "") for name, atom in ACCESS_FIELDS.items()}
            found["status"] = int(found["status"])
            self.access_log.info("request", extra=found)
