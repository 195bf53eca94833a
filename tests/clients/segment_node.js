// 1,000 product views of ten people by Segment's own Node SDK, unmodified. Arguments: address, number of events, first number.
const { Analytics } = require('@segment/analytics-node');

const [address, count, first] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const analytics = new Analytics({ writeKey: 'wk_segment_node', host: address, flushAt: 15, flushInterval: 200, maxRetries: 10 });
const dropped = [];
analytics.on('error', (error) => dropped.push(error));

async function main() {
  for (let i = 0; i < count; i++) {
    analytics.track({ userId: `segment-node-${i % 10}`, event: 'Product Viewed', properties: { product_id: `sku-${first + i}` } });
    if (i % 50 === 49) await new Promise((done) => setTimeout(done, 20));
  }
  await analytics.closeAndFlush({ timeout: 60000 });
  if (dropped.length) {
    console.error(dropped.slice(0, 3));
    process.exit(1);
  }
}
main();
