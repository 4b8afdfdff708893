function New-NativeType {
    <#
    .SYNOPSIS
    Emits a class: the exports that it uses as static methods, Take, which carries text out of the library, and for an output class its
    properties and Derive, which does all that a derivation costs per object. $Call: see Get-NativeType.
    .DESCRIPTION
    Derive(fields...) gives an instance, or, when there is something to say, the text `status U+001F answer`, for Show-NativeTrouble.
    From(answer) makes an instance. The answer is kept as it came: a property finds its field when it is read.

    A method is a row: name, attributes, result, parameters, locals, labels, body. In a body a word that is in $known is the operand of the opcode
    before it; `: name` sets a label.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a type in memory.')]
    param($Name, $Path, $Call)

    # Of an output class: its export, how many fields go in, its properties, and the code that joins the fields.
    $export, $inputs, $properties, $join = $NativeOutputs[$Name]

    $how = [System.Reflection.BindingFlags]::InvokeMethod
    $instance = [System.Reflection.MethodAttributes]::Public
    $static = $Call.Invoke([enum], ('ToObject', $how, $null, $null, ([System.Reflection.MethodAttributes], 0x16))) # Public, Static
    $assembly = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicAssembly', $how, $null, $null,
            ($Call.Invoke([System.Reflection.AssemblyName], ('', [System.Reflection.BindingFlags]::CreateInstance, $null, $null, @($Name))), [System.Reflection.Emit.AssemblyBuilderAccess]::Run)))
    $module = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicModule', $how, $null, $assembly, @($Name)))
    $type = $Call.Invoke([System.Reflection.Emit.ModuleBuilder], ('DefineType', $how, $null, $module, ($Name, [System.Reflection.TypeAttributes]::Public)))
    $known = @{
        separator    = $Call.Invoke([char], ('ConvertFromUtf32', $how, $null, $null, @(0x1F)))
        nothing      = ''
        int          = [int]
        string       = [string]
        bytes        = [byte[]]
        PSObject     = [psobject]
        IFormattable = [IFormattable]
        IList        = [System.Collections.IList]
        ICollection  = [System.Collections.ICollection]
        constructor  = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineDefaultConstructor', $how, $null, $type, @($instance)))
        answer       = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineField', $how, $null, $type, ('answer', [string], [System.Reflection.FieldAttributes]::Private)))
    }
    foreach ($row in (
            ('toString', [object], 'ToString', [type[]]@()),
            ('baseObject', [psobject], 'get_BaseObject', [type[]]@()),
            ('hex', [BitConverter], 'ToString', [type[]]@([byte[]])),
            ('count', [System.Collections.ICollection], 'get_Count', [type[]]@()),
            ('item', [System.Collections.IList], 'get_Item', [type[]]@([int])),
            ('concat', [string], 'Concat', [type[]]([string], [string], [string])),
            ('concatObjects', [string], 'Concat', [type[]]([object], [object], [object])),
            ('endsWith', [string], 'EndsWith', [type[]]([string], [StringComparison])),
            ('toCharArray', [string], 'ToCharArray', [type[]]@()),
            ('split', [string], 'Split', [type[]]@([char[]])),
            ('utf8', [System.Text.Encoding], 'get_UTF8', [type[]]@()),
            ('getBytes', [System.Text.Encoding], 'GetBytes', [type[]]@([string])),
            ('getString', [System.Text.Encoding], 'GetString', [type[]]($Call.Invoke([type], ('MakePointerType', $how, $null, [byte], $null)), [int]))
        )) {
        $alias, $owner, $member, $parameters = $row
        $known[$alias] = $Call.Invoke([type], ('GetMethod', $how, $null, $owner, ($member, $parameters)))
    }

    $pointerOut = $Call.Invoke([type], ('MakeByRefType', $how, $null, [IntPtr], $null))
    $sizeOut = $Call.Invoke([type], ('MakeByRefType', $how, $null, [UIntPtr], $null))
    if ($export) {
        $exports = @(
            ('coexist_abi_version', [uint32], 'coexist_abi_version', [type[]]@()),
            ('free', [void], 'coexist_bytes_free', [type[]]([IntPtr], [UIntPtr])),
            ('derivation', [int], $export, [type[]]([byte[]], [UIntPtr], $pointerOut, $sizeOut))
        )
    }
    else { $exports = Get-NativeExport $pointerOut $sizeOut }
    foreach ($row in $exports) {
        $alias, $owner, $member, $parameters = $row
        $known[$alias] = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefinePInvokeMethod', $how, $null, $type, ($member, $Path, $static,
                    [System.Reflection.CallingConventions]::Standard, $owner, $parameters, [System.Runtime.InteropServices.CallingConvention]::Cdecl,
                    [System.Runtime.InteropServices.CharSet]::Ansi)))
        # Without PreserveSig the runtime takes a status for an HRESULT.
        $null = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('SetImplementationFlags', $how, $null, $known[$alias], @([System.Reflection.MethodImplAttributes]::PreserveSig)))
    }

    $methods = @(
        # The text of an answer, which is freed.
        , ('Take', $static, [string], [type[]]([IntPtr], [UIntPtr]), @(), @('some'), 'Ldarg_0
            Brtrue some
            Ldstr nothing
            Ret
            : some
            Call utf8
            Ldarg_0
            Ldarg_1
            Conv_I4
            Callvirt getString
            Ldarg_0
            Ldarg_1
            Call free
            Ret')
        if ($export) {
            # Text is itself, bytes are hex digits (33-22-...), a GUID or a number its text; nothing and any other object are empty.
            , ('Scalar', $static, [string], [type[]]@([object]), @(), ('hexed', 'unwrapped', 'formatted', 'end'), 'Ldarg_0
            Isinst string
            Dup
            Brtrue end
            Pop
            Ldarg_0
            Isinst bytes
            Dup
            Brtrue hexed
            Pop
            Ldarg_0
            Isinst PSObject
            Dup
            Brtrue unwrapped
            Pop
            Ldarg_0
            Isinst IFormattable
            Dup
            Brtrue formatted
            Pop
            Ldstr nothing
            : end
            Ret
            : hexed
            Call hex
            Ret
            : unwrapped
            Callvirt baseObject
            Call Scalar
            Ret
            : formatted
            Callvirt toString
            Ret')
            # A list of one, as AD attributes come, is its element.
            , ('Text', $static, [string], [type[]]@([object]), @(), @('one'), 'Ldarg_0
            Isinst bytes
            Brtrue one
            Ldarg_0
            Isinst IList
            Brfalse one
            Ldarg_0
            Castclass ICollection
            Callvirt count
            Ldc_I4_1
            Bne_Un one
            Ldarg_0
            Castclass IList
            Ldc_I4_0
            Callvirt item
            Call Scalar
            Ret
            : one
            Ldarg_0
            Call Scalar
            Ret')
            , ('Field', $static, [string], [type[]]([string], [int]), @(), @(), 'Ldarg_0
            Ldstr separator
            Callvirt toCharArray
            Callvirt split
            Ldarg_1
            Ldelem_Ref
            Ret')
            foreach ($property in $properties) {
                $member, $index = $property
                , ("get_$member", $instance, [string], [type[]]@(), @(), @(), "Ldarg_0
                Ldfld answer
                Ldc_I4_$index
                Call Field
                Ret")
            }
            , ('From', $static, [object], [type[]]@([string]), @(), @(), 'Newobj constructor
            Dup
            Ldarg_0
            Stfld answer
            Ret')
            # An answer ends with its Notes: nothing after the last separator is nothing to say.
            , ('Derive', $static, [object], [type[]](@([object]) * $inputs), (('request', [byte[]]), ('pointer', [IntPtr]), ('length', [UIntPtr]), ('status', [int]), ('result', [string])), @('trouble'), "Call utf8
            Ldarg_0
            Call Text$join
            Callvirt getBytes
            Stloc request
            Ldloc request
            Ldloc request
            Ldlen
            Conv_U
            Ldloca pointer
            Ldloca length
            Call derivation
            Stloc status
            Ldloc pointer
            Ldloc length
            Call Take
            Stloc result
            Ldloc status
            Brtrue trouble
            Ldloc result
            Ldstr separator
            Ldc_I4_4
            Callvirt endsWith
            Brfalse trouble
            Ldloc result
            Call From
            Ret
            : trouble
            Ldloc status
            Box int
            Ldstr separator
            Ldloc result
            Call concatObjects
            Ret")
        }
    )

    $field = [System.Reflection.BindingFlags]::GetField
    $blank = [char[]]" `n`r"
    foreach ($row in $methods) {
        $alias, $attributes, $owner, $parameters, $locals, $labels, $body = $row
        $known[$alias] = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineMethod', $how, $null, $type, ($alias, $attributes, $owner, $parameters)))
        $il = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('GetILGenerator', $how, $null, $known[$alias], $null))
        foreach ($label in $labels) { $known[$label] = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('DefineLabel', $how, $null, $il, $null)) }
        foreach ($pair in $locals) {
            $alias, $owner = $pair
            $known[$alias] = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('DeclareLocal', $how, $null, $il, @($owner)))
        }
        $code = $null
        foreach ($word in $body.Split($blank, [StringSplitOptions]::RemoveEmptyEntries)) {
            $operand = $known[$word]
            if ($null -ne $operand) {
                if ($code -eq ':') { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('MarkLabel', $how, $null, $il, @($operand))) }
                else { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $how, $null, $il, ($code, $operand))) }
                $code = $null
                continue
            }
            if ($null -ne $code) { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $how, $null, $il, @($code))) }
            $code = $word
            if ($code -ne ':') { $code = $Call.Invoke([System.Reflection.Emit.OpCodes], ($word, $field, $null, $null, $null)) }
        }
        $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $how, $null, $il, @($code)))
    }
    foreach ($property in $properties) {
        $member, $index = $property
        $builder = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineProperty', $how, $null, $type, ($member, [System.Reflection.PropertyAttributes]::None, [string], [type[]]@())))
        $null = $Call.Invoke([System.Reflection.Emit.PropertyBuilder], ('SetGetMethod', $how, $null, $builder, @($known["get_$member"])))
    }
    $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('CreateType', $how, $null, $type, $null))
}
