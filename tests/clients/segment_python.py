"""The same by Segment's Python SDK, which sends its key in the body only and takes nothing but 200 for a yes."""
import sys

import segment.analytics as analytics

address, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
failures = []
analytics.write_key = "wk_segment_python"
analytics.host = address
analytics.max_retries = 10
analytics.gzip = True
analytics.on_error = lambda error, items: failures.append(error)
for number in range(count):
    analytics.track(f"segment-python-{number % 10}", "Product Viewed", {"product_id": f"sku-{first + number}"})
analytics.flush()
analytics.shutdown()
if failures:
    print(failures[:3], file=sys.stderr)
    sys.exit(1)
