"""What a tensor is: dtype, promotion, device, strides and overlap, storage and version, Tensor."""
