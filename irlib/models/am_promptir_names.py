"""What AM-PromptIR's authors call their tensors; the rules are used as in official_names."""

import re

AM_PROMPTIR = (
    (r"^patch_embed\.proj(\.|$)", r"patch_embed\1"),
    (r"\.(norm\d)\.body(\.|$)", r".\1\2"),
    (r"\.attn\.conv2(\.|$)", r".attention.local_in\1"),
    (r"\.attn\.conv3(\.|$)", r".attention.local_out\1"),
    (r"\.attn\.GSA\.conv_1_h(\.|$)", r".attention.strips.rows\1"),
    (r"\.attn\.GSA\.conv_1_w(\.|$)", r".attention.strips.columns\1"),
    (r"\.attn\.GSA\.fuse_conv(\.|$)", r".attention.strips.fuse\1"),
    (r"\.attn\.GSA\.conv_final(\.|$)", r".attention.strips.excite\1"),
    (r"\.attn\.GSA(\.|$)", r".attention.strips\1"),
    (r"\.attn(\.|$)", r".attention\1"),
    (r"\.ffn\.dwconv3x3_1(\.|$)", r".feed_forward.pairs3\1"),
    (r"\.ffn\.dwconv5x5_1(\.|$)", r".feed_forward.pairs5\1"),
    (r"\.ffn\.dwconv(\d)x\d(\.|$)", r".feed_forward.depthwise\1\2"),
    (r"\.ffn(\.|$)", r".feed_forward\1"),
    (r"^((?:down|up)\d_\d)\.body\.0(\.|$)", r"\1.conv\2"),
    (r"^reduce_noise_level(\d)", r"interaction\1.reduce"),
    (r"^noise_level(\d)", r"interaction\1.block"),
    (r"^Feature_Refinement(\d)\.conv1(\.|$)", r"fusion\1.local\2"),
    (r"^Feature_Refinement(\d)\.ca(\.|$)", r"fusion\1.whole\2"),
    (r"^Feature_Refinement(\d)\.sa(\.|$)", r"fusion\1.share\2"),
    (r"^Feature_Refinement(\d)", r"fusion\1"),
    (r"\.prompt_param$", ".components"),
    (r"\.para1$", ".feature_scale"),
    (r"\.para2$", ".prompt_scale"),
    (r"\.linear_layer(\.|$)", r".weight_head\1"),
    (r"\.linear_text(\.|$)", r".words.linear\1"),
    (r"\.rate_conv(\.|$)", r".read_words\1"),
    (r"\.frequency_refine\.SpatialGate\.spatial(\.|$)", r".spatial\1"),
    (r"\.frequency_refine\.ChannelGate\.mlp(\.|$)", r".channel\1"),
    (r"\.frequency_refine\.proj(\.|$)", r".join\1"),
)

# A fifth of the parameters: allocated, and no output depends on them.
NEVER_CALLED = re.compile(
    r"(.*\.)?attn\.(conv1|GSA\.mask_conv_[12])\.(weight|bias)$"
    r"|prompt[123]\.conv3x3\.weight$"
    r"|reduce_chan_level[23]\.weight$"
    r"|reduce_noise_channel_[123]\.weight$"
)
