// The same by RudderStack's Node SDK, which sends gzip as a form. Arguments: address, number of events, first number.
const loaded = require('@rudderstack/rudder-sdk-node');

const RudderAnalytics = loaded.default ?? loaded;
const [address, count, first] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const client = new RudderAnalytics('wk_rudder_node', { dataPlaneUrl: address, flushAt: 20, flushInterval: 200, maxInternalQueueSize: 20000 });

let answered = 0;
let failed = null;
for (let i = 0; i < count; i++) {
  client.track({ userId: `rudder-node-${i % 10}`, event: 'Product Viewed', properties: { product_id: `sku-${first + i}` } }, (error) => {
    answered += 1;
    failed = failed ?? error;
  });
}
const began = Date.now();
const wait = setInterval(() => {
  if (answered < count && Date.now() - began < 90000) {
    client.flush();
    return;
  }
  clearInterval(wait);
  if (failed || answered < count) console.error('answered', answered, 'of', count, failed);
  process.exit(failed || answered < count ? 1 : 0);
}, 300);
