"""Contains all the data models used in inputs/outputs"""

from .activation import Activation
from .activation_all_batch_request import ActivationAllBatchRequest
from .activation_all_batch_request_exclude import ActivationAllBatchRequestExclude
from .activation_all_batch_response import ActivationAllBatchResponse
from .activation_all_request import ActivationAllRequest
from .activation_all_request_exclude import ActivationAllRequestExclude
from .activation_all_response import ActivationAllResponse
from .activation_attention_request import ActivationAttentionRequest
from .activation_attention_response import ActivationAttentionResponse
from .activation_raw_request import ActivationRawRequest
from .activation_raw_response import ActivationRawResponse
from .activation_single_batch_request import ActivationSingleBatchRequest
from .activation_single_batch_response import ActivationSingleBatchResponse
from .activation_single_request import ActivationSingleRequest
from .activation_single_response import ActivationSingleResponse
from .activation_source_request import ActivationSourceRequest
from .activation_source_response import ActivationSourceResponse
from .activation_topk_by_token_batch_request import ActivationTopkByTokenBatchRequest
from .activation_topk_by_token_batch_response import ActivationTopkByTokenBatchResponse
from .activation_topk_by_token_request import ActivationTopkByTokenRequest
from .activation_topk_by_token_response import ActivationTopkByTokenResponse
from .active_features import ActiveFeatures
from .active_features_activefeatures import ActiveFeaturesActivefeatures
from .apply_chat_template_request import ApplyChatTemplateRequest
from .apply_chat_template_request_chattemplatekwargs import ApplyChatTemplateRequestChattemplatekwargs
from .apply_chat_template_response import ApplyChatTemplateResponse
from .capabilities import Capabilities
from .capabilities_lens_types_item import CapabilitiesLensTypesItem
from .capabilities_steer_methods_item import CapabilitiesSteerMethodsItem
from .casing import Casing
from .chat_input import ChatInput
from .chat_message import ChatMessage
from .contrast_feature import ContrastFeature
from .contrast_request import ContrastRequest
from .contrast_request_exclude import ContrastRequestExclude
from .contrast_request_measure import ContrastRequestMeasure
from .contrast_response import ContrastResponse
from .contrast_response_typical import ContrastResponseTypical
from .contrast_text import ContrastText
from .cossim_request import CossimRequest
from .cossim_response import CossimResponse
from .decoder_match_request import DecoderMatchRequest
from .decoder_match_response import DecoderMatchResponse
from .feature_ref import FeatureRef
from .feature_vector_request import FeatureVectorRequest
from .feature_vector_request_which import FeatureVectorRequestWhich
from .feature_vector_response import FeatureVectorResponse
from .feature_vector_response_which import FeatureVectorResponseWhich
from .found_feature import FoundFeature
from .health import Health
from .layer_activation import LayerActivation
from .lens_done import LensDone
from .lens_meta import LensMeta
from .lens_meta_layers_by_type import LensMetaLayersByType
from .lens_meta_types_item import LensMetaTypesItem
from .lens_prompt import LensPrompt
from .lens_prompt_request import LensPromptRequest
from .lens_prompt_request_type_item import LensPromptRequestTypeItem
from .lens_prompt_response import LensPromptResponse
from .lens_prompt_token import LensPromptToken
from .lens_readout import LensReadout
from .lens_readout_type import LensReadoutType
from .lens_token import LensToken
from .on_text import OnText
from .priority import Priority
from .problem import Problem
from .raw_result import RawResult
from .readiness import Readiness
from .readiness_state import ReadinessState
from .similar_feature import SimilarFeature
from .similarity_matrix_request import SimilarityMatrixRequest
from .similarity_matrix_response import SimilarityMatrixResponse
from .steer_chat_output import SteerChatOutput
from .steer_chat_output_finish_reason_type_0 import SteerChatOutputFinishReasonType0
from .steer_chat_output_type import SteerChatOutputType
from .steer_chat_request import SteerChatRequest
from .steer_chat_request_positions import SteerChatRequestPositions
from .steer_chat_request_steermethod import SteerChatRequestSteermethod
from .steer_chat_request_streamformat import SteerChatRequestStreamformat
from .steer_chat_request_types_item import SteerChatRequestTypesItem
from .steer_chat_response import SteerChatResponse
from .steer_completion_request import SteerCompletionRequest
from .steer_completion_request_positions import SteerCompletionRequestPositions
from .steer_completion_request_steermethod import SteerCompletionRequestSteermethod
from .steer_completion_request_streamformat import SteerCompletionRequestStreamformat
from .steer_completion_request_types_item import SteerCompletionRequestTypesItem
from .steer_completion_response import SteerCompletionResponse
from .steer_condition import SteerCondition
from .steer_feature import SteerFeature
from .steer_output import SteerOutput
from .steer_output_finish_reason_type_0 import SteerOutputFinishReasonType0
from .steer_output_type import SteerOutputType
from .steer_vector import SteerVector
from .template_message import TemplateMessage
from .template_span import TemplateSpan
from .template_span_section import TemplateSpanSection
from .token_logprob import TokenLogprob
from .token_top_features import TokenTopFeatures
from .tokenize_request import TokenizeRequest
from .tokenize_response import TokenizeResponse
from .top_feature import TopFeature
from .top_logprob import TopLogprob

__all__ = (
    "Activation",
    "ActivationAllBatchRequest",
    "ActivationAllBatchRequestExclude",
    "ActivationAllBatchResponse",
    "ActivationAllRequest",
    "ActivationAllRequestExclude",
    "ActivationAllResponse",
    "ActivationAttentionRequest",
    "ActivationAttentionResponse",
    "ActivationRawRequest",
    "ActivationRawResponse",
    "ActivationSingleBatchRequest",
    "ActivationSingleBatchResponse",
    "ActivationSingleRequest",
    "ActivationSingleResponse",
    "ActivationSourceRequest",
    "ActivationSourceResponse",
    "ActivationTopkByTokenBatchRequest",
    "ActivationTopkByTokenBatchResponse",
    "ActivationTopkByTokenRequest",
    "ActivationTopkByTokenResponse",
    "ActiveFeatures",
    "ActiveFeaturesActivefeatures",
    "ApplyChatTemplateRequest",
    "ApplyChatTemplateRequestChattemplatekwargs",
    "ApplyChatTemplateResponse",
    "Capabilities",
    "CapabilitiesLensTypesItem",
    "CapabilitiesSteerMethodsItem",
    "Casing",
    "ChatInput",
    "ChatMessage",
    "ContrastFeature",
    "ContrastRequest",
    "ContrastRequestExclude",
    "ContrastRequestMeasure",
    "ContrastResponse",
    "ContrastResponseTypical",
    "ContrastText",
    "CossimRequest",
    "CossimResponse",
    "DecoderMatchRequest",
    "DecoderMatchResponse",
    "FeatureRef",
    "FeatureVectorRequest",
    "FeatureVectorRequestWhich",
    "FeatureVectorResponse",
    "FeatureVectorResponseWhich",
    "FoundFeature",
    "Health",
    "LayerActivation",
    "LensDone",
    "LensMeta",
    "LensMetaLayersByType",
    "LensMetaTypesItem",
    "LensPrompt",
    "LensPromptRequest",
    "LensPromptRequestTypeItem",
    "LensPromptResponse",
    "LensPromptToken",
    "LensReadout",
    "LensReadoutType",
    "LensToken",
    "OnText",
    "Priority",
    "Problem",
    "RawResult",
    "Readiness",
    "ReadinessState",
    "SimilarFeature",
    "SimilarityMatrixRequest",
    "SimilarityMatrixResponse",
    "SteerChatOutput",
    "SteerChatOutputFinishReasonType0",
    "SteerChatOutputType",
    "SteerChatRequest",
    "SteerChatRequestPositions",
    "SteerChatRequestSteermethod",
    "SteerChatRequestStreamformat",
    "SteerChatRequestTypesItem",
    "SteerChatResponse",
    "SteerCompletionRequest",
    "SteerCompletionRequestPositions",
    "SteerCompletionRequestSteermethod",
    "SteerCompletionRequestStreamformat",
    "SteerCompletionRequestTypesItem",
    "SteerCompletionResponse",
    "SteerCondition",
    "SteerFeature",
    "SteerOutput",
    "SteerOutputFinishReasonType0",
    "SteerOutputType",
    "SteerVector",
    "TemplateMessage",
    "TemplateSpan",
    "TemplateSpanSection",
    "TokenLogprob",
    "TokenTopFeatures",
    "TokenizeRequest",
    "TokenizeResponse",
    "TopFeature",
    "TopLogprob",
)
