"""Writes a file in MaxMind's format: countries.py FILE NETWORK=COUNTRY..."""

import sys

from mmdb_writer import MMDBWriter
from netaddr import IPSet

writer = MMDBWriter(6, "GeoLite2-Country", languages=["en"], description="of a test", ipv4_compatible=True)
for pair in sys.argv[2:]:
    network, country = pair.split("=")
    writer.insert_network(IPSet([network]), {"country": {"iso_code": country}})
writer.to_db_file(sys.argv[1])
