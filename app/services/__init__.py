"""Business operations. A public function decorated with `@transaction` is one transaction on the database."""
