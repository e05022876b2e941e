"""The payload codec: what Temporal keeps of this service is sealed before it leaves the process.

`keys` reads key rings, `codec` seals and opens payloads, `failures` seals what an error says, `border` leaves
open what another team's namespace must read, `plugin` puts them into every client, worker and replayer.
"""
