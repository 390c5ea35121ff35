// Shows products and orders. What comes from the API is set as text, never as markup.

import { price } from "./price.js";

const element = (id) => document.getElementById(id);

async function api(path, options) {
  const answer = await fetch(`/api/${path}`, options);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function item(text, ...children) {
  const item = document.createElement("li");
  item.append(text, ...children);
  return item;
}

function buyButton(product) {
  const button = document.createElement("button");
  button.textContent = "Buy";
  button.onclick = () => show(() => buy(product.id));
  return button;
}

async function buy(product) {
  await api("orders", { method: "POST", body: JSON.stringify({ product, quantity: 1 }) });
  await showOrders();
}

async function showProducts() {
  const { products } = await api("products");
  element("products").replaceChildren(
    ...products.map((product) =>
      item(`${product.name}, ${price(product.price_cents)} `, buyButton(product)),
    ),
  );
}

async function showOrders() {
  const { orders } = await api("orders");
  element("orders").replaceChildren(
    ...orders.map(({ id, product, quantity, status }) =>
      item(`${id}: ${quantity} × ${product}, ${status}`),
    ),
  );
}

async function show(work) {
  try {
    await work();
    element("state").textContent = "";
  } catch (failure) {
    element("state").textContent = `The shop does not answer: ${failure.message}`;
  }
}

await show(showProducts);
await show(showOrders);
setInterval(() => show(showOrders), 2000);
