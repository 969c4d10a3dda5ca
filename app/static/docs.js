// Starts the Swagger UI of /docs; validatorUrl null keeps it from sending the document to a server on the internet.
SwaggerUIBundle({
  url: document.currentScript.dataset.document,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
});
