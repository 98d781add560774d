"""The face: where prompts, requests and studies meet a service, a store and a cassette."""

from workbench.client.face import Client, Collected, collecting
from workbench.client.stream import Stream

__all__ = ["Client", "Collected", "Stream", "collecting"]
