"""What is counted from the operations of a network: MACs, bytes held and bytes moved."""
