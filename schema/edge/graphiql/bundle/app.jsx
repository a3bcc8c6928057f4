// The GraphiQL page: examples as tabs, documentation, query builder, history. Bundled by build.mjs.
import { createRoot } from 'react-dom/client';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';

const scripts = new URL('.', document.currentScript.src); // the workers lie beside this file

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = label === 'json' || label === 'graphql' ? label : 'editor';
    return new Worker(new URL(`${name}.worker.js`, scripts), { name: label });
  },
};

function socket(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return createClient({ url: url.href, lazy: true });
}

async function start() {
  const root = document.getElementById('graphiql');
  const config = await (await fetch(root.dataset.config)).json();
  const fetcher = createGraphiQLFetcher({
    url: config.endpoint,
    enableIncrementalDelivery: false,
    headers: { accept: 'application/graphql-response+json' },
    ...(config.subscriptions ? { wsClient: socket(config.subscriptions) } : {}),
  });
  // GraphiQL fills the first tab's query but not its variables; given when tabs are kept from an
  // earlier visit, they would open one more tab.
  const fresh = localStorage.getItem('graphiql:tabState') === null;
  createRoot(root).render(
    <GraphiQL
      fetcher={fetcher}
      initialVariables={fresh ? config.tabs[0]?.variables : undefined}
      defaultTabs={config.tabs.length ? config.tabs : undefined}
      plugins={[HISTORY_PLUGIN, explorerPlugin()]}
      shouldPersistHeaders={false}
    />,
  );
}

start();
