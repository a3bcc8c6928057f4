"""Floor 6: who pays part of a price. Coupons, and government consumption vouchers (消费券) with their budgets."""
